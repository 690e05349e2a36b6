from tests.tasks.conftest import tiny_corpus

__all__ = ["tiny_corpus"]
