# make run: the messenger with everything it needs. make test: every test. Both set themselves up.
.PHONY: run test test-most test-browser test-storage lint bench faults fuzz soak messages proto lock setup setup-test clean

VENV := .venv
PYTHON := $(VENV)/bin/python
STAMP := $(VENV)/.installed-$(shell sha256sum requirements.lock | cut -c1-16)

run: setup
	@exec $(PYTHON) -m messenger.supervisor

# Two runs at once, since many tests wait, and the shortest when there is room for it; each says at its end what it
# found.
test: setup-test
	@$(MAKE) --no-print-directory -j 2 --keep-going --output-sync=target test-most test-browser test-storage

# Each worker reads all tests of its run: only where there are some, and what it compiled is kept for the next one.
test-most test-browser test-storage: export PYTHONDONTWRITEBYTECODE :=

test-most: setup-test
	$(PYTHON) -m pytest -m "not browser" --ignore tests/browser $(ARGS)

test-browser: setup-test
	$(PYTHON) -m pytest -n 2 -m browser tests/browser $(ARGS)

test-storage: setup-test
	PG_VERSION=15 $(PYTHON) -m pytest -n 1 -m storage tests/chat tests/messenger tests/receipts $(ARGS)

lint: setup
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	SECRET_KEY=lint MODE=demo DATABASE_URL=postgresql:///x REDIS_URL=redis://localhost $(VENV)/bin/mypy
	$(VENV)/bin/lint-imports
	$(VENV)/bin/djlint templates --check --lint --quiet
	$(VENV)/bin/bandit --quiet --configfile pyproject.toml --recursive chat messenger receipts messenger_client

bench: setup
	$(PYTHON) -m bench $(ARGS)

# Longer, with more of everything: 5,000 messages, each part killed at least five times.
faults: setup-test
	FAULT_MESSAGES=5000 FAULT_KILLS=5 $(PYTHON) -m pytest -m faults -n 0 -s --timeout 1800 $(ARGS)

fuzz: setup-test
	HYPOTHESIS_PROFILE=fuzz $(PYTHON) -m pytest tests/chat/protocol tests/chat/policy tests/receipts $(ARGS)
	FUZZ_CASES=500 FUZZ_SECONDS=600 $(PYTHON) -m pytest tests/acceptance/test_openapi.py \
	  tests/acceptance/test_frames_fuzzed.py -k "schemathesis or sound" -n 0 --timeout 7200

soak: setup-test
	FAULT_MESSAGES=20000 FAULT_KILLS=20 $(PYTHON) -m pytest -m faults -n 0 -s --timeout 7200 $(ARGS)

messages: setup
	SECRET_KEY=lint MODE=demo DATABASE_URL=postgresql:///x REDIS_URL=redis://localhost $(PYTHON) manage.py messages

proto: setup
	$(PYTHON) -m grpc_tools.protoc -I chat/protocol --python_out=chat/protocol --pyi_out=chat/protocol \
	  messenger/v1/messenger.proto

setup: $(STAMP)

$(STAMP): requirements.lock
	@sh .ci/venv $(VENV)
	@touch $@

setup-test: setup
	@sh .ci/test-tools

lock:
	$(VENV)/bin/uv pip compile requirements.txt requirements-dev.txt --generate-hashes --python-version 3.11 \
	  --no-emit-index-url --no-emit-find-links --no-header -o requirements.lock

clean:
	rm -rf $(VENV) .build .pytest_cache .mypy_cache .ruff_cache .hypothesis
