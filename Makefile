# Everything runs in .venv, which `make setup` creates from requirements.lock. PYTHON selects the interpreter: make test PYTHON=python3.12

PYTHON ?= $(if $(wildcard .venv/bin/python),.venv/bin/python,python3)
VERSION := $(shell $(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null)
READY := .venv/ready-$(VERSION)
BIN := .venv/bin
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check
# Tests run in parallel by file, with one thread for each process, as in a run.
ONE_THREAD := OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1 NUMBA_NUM_THREADS=1
ARGS ?=

# Two anchors, and the baselines that each task of the demo has prompts for.
GENERATORS := ground-truth shuffled stitched nearest mean-pose first-frame noise
IMAGE_GENERATORS := ground-truth shuffled first-frame mean-pose noise
CROSS_GENERATORS := ground-truth shuffled first-frame
MOTION_MODELS := pgmm tpsmm
COMMA := ,
# The demo runs some of them, and a trained generator: all of it should take no more than five minutes after the setup on two cores.
DEMO_GENERATORS := ground-truth shuffled stitched nearest
DEMO_IMAGE_GENERATORS := ground-truth first-frame pgmm
DEMO_REPORT := pgmm first-frame

.PHONY: help setup demo test lint format bench baselines leaderboards lock wheel clean

help:
	@echo "make setup    creates .venv with everything that signbench and its tests need"
	@echo "make demo     runs generators on two tasks of the built-in corpus, scores and ranks them, and writes a report"
	@echo "make test     ruff, mypy and all tests; ARGS='-k ssim' is passed to pytest"
	@echo "make lint     ruff, ruff format --check and mypy"
	@echo "make format   formats the code and applies ruff's automatic fixes"
	@echo "make bench    measures speed and memory, compared with other implementations"
	@echo "make baselines  reruns the pinned baselines, and pins those whose numbers changed"
	@echo "make leaderboards  runs anchors and baselines on full test splits, and submits them to leaderboards/"
	@echo "make lock     resolves pyproject.toml into requirements.lock; ARGS=--upgrade selects the newest versions"
	@echo "make wheel    builds the wheel and the source distribution into dist/"
	@echo "make clean    removes the products of these commands, except .venv/ and runs/"

setup: $(READY)

# Recreates a .venv of another Python version; otherwise installs only what changed.
$(READY): requirements.lock pyproject.toml
	@case "$(VERSION)" in 3.11|3.12|3.13) ;; *) \
	  echo "signbench needs Python 3.11, 3.12 or 3.13, and $(PYTHON) is $(if $(VERSION),$(VERSION),missing); name one: make setup PYTHON=python3.12" >&2; \
	  exit 2 ;; esac
	@echo "Setting up .venv with Python $(VERSION). The first time this downloads a few GB, most of it PyTorch."
	@[ "$$($(BIN)/python -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null)" = "$(VERSION)" ] \
	  || $(PYTHON) -m venv --clear .venv || { rm -rf .venv; exit 1; }
	@rm -f .venv/ready-*
	@$(PIP) install --require-hashes --requirement requirements.lock
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

demo: setup
	@rm -rf demo && mkdir demo
	@for generator in $(DEMO_GENERATORS); do \
	  echo "$(BIN)/signbench run synthsign/text-to-pose --generator $$generator --out demo/text-to-pose/$$generator"; \
	  $(BIN)/signbench run synthsign/text-to-pose --generator $$generator --out demo/text-to-pose/$$generator > demo/log.txt || exit 1; \
	done
	@for generator in $(DEMO_IMAGE_GENERATORS); do \
	  echo "$(BIN)/signbench run synthsign/reconstruction --generator $$generator --limit 6 --out demo/reconstruction/$$generator"; \
	  $(BIN)/signbench run synthsign/reconstruction --generator $$generator --limit 6 --out demo/reconstruction/$$generator \
	    > demo/log.txt || exit 1; \
	done
	@echo; echo "Ranking on synthsign/text-to-pose, all 200 test sentences; -m selects metrics:"
	@cd demo/text-to-pose && ../../$(BIN)/signbench results -m dtw -m bleu@slt -m duration-ratio $(DEMO_GENERATORS)
	@echo "Scores on synthsign/reconstruction, 6 of them (a subset, so there are no ranks):"
	@cd demo/reconstruction && ../../$(BIN)/signbench results -m l1 -m ssim -m wer@corrnet $(DEMO_IMAGE_GENERATORS)
	@echo; echo "The clips side by side, with what the judges understood; open in a browser:"
	$(BIN)/signbench report $(addprefix demo/reconstruction/,$(DEMO_REPORT)) --out demo/report

test: setup
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(ONE_THREAD) $(BIN)/python -m pytest --numprocesses auto --maxprocesses 8 --dist loadfile --no-loadscope-reorder --durations 10 $(ARGS)

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check signbench tests benchmarks
	$(BIN)/mypy

format: setup
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format signbench tests benchmarks

bench: setup
	$(BIN)/python -m benchmarks $(ARGS)

# The baselines that the tests of the gate compare with; git keeps older ones.
baselines: setup
	@mkdir -p build
	@for generator in mean-pose nearest; do \
	  $(BIN)/signbench run synthsign/text-to-pose --generator $$generator --out build/baselines/$$generator --fresh > build/baselines.txt || exit 1; \
	  $(BIN)/signbench ci pin build/baselines/$$generator --as synthsign/text-to-pose/$$generator --replace || exit 1; \
	done
	@rm -rf baselines/synthsign/text-to-pose/*.old-*

# The measured rows that signbench ships, but for PGMM's ablations, whose weights it does not ship. Rerun to resume; unchanged entries are
# not touched.
leaderboards: setup
	@mkdir -p build
	@set -e; \
	for pair in $(foreach task,text-to-pose word-generation word-reconstruction word-to-video,$(addprefix $(task):,$(GENERATORS))) \
	    $(addprefix reconstruction:,$(IMAGE_GENERATORS) $(MOTION_MODELS)) $(addprefix cross-person:,$(CROSS_GENERATORS) $(MOTION_MODELS)) \
	    word-generation:signavatar word-reconstruction:signavatar \
	    $(addprefix text-to-pose:,signaligner signaligner:occ=false signaligner:co_gen=false signaligner:fed_back=false) \
	    text-to-pose:progressive-transformers text-to-pose:progressive-transformers-leaking \
	    word-to-video:rusignbot word-to-video:rusignbot:checkpoint=mimicmotion-base \
	    $(foreach stage,hamer smplx video,$(addprefix text-to-$(stage):,$(GENERATORS) \
	      signaligner:stage=$(stage) signaligner:stage=$(stage)$(COMMA)occ=false signaligner:stage=$(stage)$(COMMA)co_gen=false \
	      progressive-transformers:stage=$(stage))); do \
	  task=$${pair%%:*}; generator=$${pair#*:}; echo "$$task $$generator"; \
	  $(BIN)/signbench run synthsign/$$task --generator $$generator --out build/leaderboards/$$task/$$generator > build/leaderboards.txt; \
	  $(BIN)/signbench leaderboard submit build/leaderboards/$$task/$$generator --contact "the signbench authors" --replace; \
	done
	@find leaderboards -name '*.old-*' -type d -prune -exec rm -rf {} +
	$(BIN)/signbench leaderboard check leaderboards

lock:
	@command -v uv >/dev/null || [ -x $(BIN)/uv ] || { [ -x $(BIN)/python ] || $(PYTHON) -m venv .venv; $(PIP) install uv; }
	@PATH="$$PATH:$(BIN)" uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --group dev $(ARGS) \
	  --output-file requirements.lock pyproject.toml
	@echo "requirements.lock holds $$(grep -c == requirements.lock) pinned packages."

wheel: setup
	$(BIN)/python -m hatchling build --directory dist

clean:
	rm -rf build dist demo .pytest_cache .mypy_cache .ruff_cache
	find signbench tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +
