# make        set up on first use, then build everything for the bundled digits
# make images FOLDER=~/pictures   look at pictures of your own, write their config, build them
# make explore   build pages to explore the digits in, and open them
# make test   pass the tests              make lint    ruff, snakefmt, snakemake --lint
# make status  how far each run is      make gpu    the same with CUDA: docs/cluster.md
# make bench  how fast it is, beside others: docs/benchmarks.md
# make clean  delete results, keep raw downloads

BIN := .venv/bin
LOCK := requirements.lock
COMPILE := uv pip compile --universal --python-version 3.11 --upgrade --generate-hashes \
	--no-header --no-annotate
define ENVIRONMENT
	@{ echo '# From $<, by `make lock`.'; echo 'name: vae'; \
	echo 'channels: [conda-forge, nodefaults]'; echo 'dependencies:'; \
	echo '  - python=3.12'; echo '  - pip'; echo '  - pip:'; \
	sed -n -e "s/ ; python_full_version < '3.14' and (sys_platform == 'darwin' or sys_platform == 'linux') / /" \
	-e 's/^\([a-z].*[^ ]\) *\\$$/    - "\1"/p' $<; } > $@
endef
CORES ?= $(shell getconf _NPROCESSORS_ONLN)

.PHONY: digits images explore test test-fast lint lock schema report status bench gpu clean

digits: .venv/ready
	$(BIN)/snakemake --cores $(CORES) --quiet rules -- digits

# FOLDER is passed in the environment, so that no shell interprets its quotes and spaces.
images: override export FOLDER := $(value FOLDER)
images: .venv/ready
	@$(BIN)/python scripts/add_images.py --cores $(CORES)

# Two processes; the tests of a file stay together.
test: .venv/ready
	$(BIN)/python -m pytest -n 2 --dist loadfile

explore: .venv/ready
	$(BIN)/snakemake --cores $(CORES) --quiet rules -- results/digits/explorer.html
	@echo "Open $(CURDIR)/results/digits/explorer.html in a browser."
	-@$(BIN)/python -m webbrowser -t "file://$(CURDIR)/results/digits/explorer.html" >/dev/null

# Without TensorFlow and without Snakemake: under a minute.
test-fast: .venv/ready
	$(BIN)/python -m pytest --fast

lint: .venv/ready
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	PYTHONPATH=scripts $(BIN)/lint-imports
	$(BIN)/snakefmt --check Snakefile workflow
	$(BIN)/snakemake --lint

report: .venv/ready
	$(BIN)/snakemake --report report.zip -- digits $(wildcard results/digits/explorer.html)

# Quick, and also while a workflow is on.
status: .venv/ready
	@$(BIN)/python scripts/status.py

# Three quarters of an hour on an idle machine; the peers go into .venv-bench.
bench: .venv/ready
	$(BIN)/python -m benchmarks

# The same with CUDA; `make` keeps it.
gpu:
	$(MAKE) --always-make LOCK=requirements-gpu.lock .venv/ready

clean:
	find -H results -mindepth 1 -maxdepth 1 ! -name raw -exec rm -rf {} +

# What config.yaml may hold: the JSON schema for editors, and the tables of config/README.md.
schema: .venv/ready
	PYTHONPATH=scripts $(BIN)/python -m vae.plan.reference \
		workflow/schemas/config.schema.json config/README.md

# Pin the newest versions that pyproject.toml admits. Needs uv.
lock:
	$(COMPILE) --group dev pyproject.toml -o requirements.lock
	cp requirements.lock requirements-gpu.lock # so that both pin the same
	echo "tensorflow-cpu; python_version < '3'" | $(filter-out --upgrade,$(COMPILE)) --overrides - \
		--group dev --group gpu pyproject.toml -o requirements-gpu.lock
	$(MAKE) environment.yml environment-gpu.yml

# All pins and no `-r`, since Snakemake copies the file elsewhere before conda reads it.
environment%.yml: requirements%.lock
	$(ENVIRONMENT)
environment.yml: requirements.lock
	$(ENVIRONMENT)

.venv/ready: requirements.lock
	@python=; for p in python3.12 python3.13 python3.11 python3 python; do \
		$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null \
			&& python=$$p && break; done; \
	test -n "$$python" || { echo 'Python 3.11, 3.12 or 3.13 is needed (TensorFlow has no' \
		'wheel for others), and none of them is on the PATH.' >&2; exit 1; }; \
	$$python -c 'import venv, ensurepip' 2>/dev/null || { echo "$$python has no venv, which this" \
		'needs. On Debian and Ubuntu: sudo apt install python3-venv' >&2; exit 1; }; \
	$$python -m venv --clear .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $(LOCK)
	@touch $@
