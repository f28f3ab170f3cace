# Image of the suite. In the root of the checkout:
#   docker build --tag livekit-conformance:0.2.0 .
#   docker run --rm livekit-conformance:0.2.0                       # the embedded mock
#   docker run --rm --env-file .env --user "$(id -u)" --volume "$PWD:/work" \
#       livekit-conformance:0.2.0 run --env=staging -m smoke
# The command runs in /work: it looks for profiles in /work/config first, and writes its reports to
# /work/reports.
FROM python:3.11-slim-bookworm

WORKDIR /suite
COPY requirements.lock ./
RUN pip install --no-cache-dir --require-hashes --requirement requirements.lock
COPY pyproject.toml README.md LICENSE conftest.py ./
COPY src src
RUN pip install --no-cache-dir --no-deps --editable .
COPY config config
COPY fixtures fixtures
COPY suites suites
COPY recipes/check.sh recipes/check.sh
RUN install --directory --owner=10001 --group=10001 /work

ENV LIVEKIT_CONFORMANCE_BIN=/usr/local/bin \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    HOME=/tmp
WORKDIR /work
USER 10001:10001
ENTRYPOINT ["livekit-conformance"]
CMD ["run", "--env=mock"]
