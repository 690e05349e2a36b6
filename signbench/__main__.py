"""``python -m signbench``, also under torchrun."""

from signbench.cli.main import main

if __name__ == "__main__":
    main()
