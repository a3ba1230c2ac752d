# syntax=docker/dockerfile:1
# One image for worker, dashboard and CLI. Any Debian with Python 3.11 or newer, venv and pip serves as the base; pin it
# by digest for production: --build-arg BASE=python:3.13-slim-bookworm@sha256:...
ARG BASE=python:3.13-slim-bookworm

# hadolint ignore=DL3006
FROM ${BASE} AS build
WORKDIR /src
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1

# The lock has the extras for faces, camera raw, PDF, JPEG XL, jpegli and SSIMULACRA2. Wheels, but for pyvips: it comes as source, of which only Python is taken, since pyvips-binary brings the library. So
# neither stage needs a compiler. What builds is locked too, hence no build isolation.
COPY requirements/build.txt requirements/image.txt requirements/
RUN python3 -m venv /opt/build \
 && /opt/build/bin/pip install --require-hashes --only-binary=:all: --requirement requirements/build.txt \
 && /opt/build/bin/pip wheel --require-hashes --no-deps --no-build-isolation --only-binary=:all: --no-binary=pyvips \
      --wheel-dir /wheels --requirement requirements/image.txt

COPY pyproject.toml README.md LICENSE ./
COPY pixelfleet pixelfleet
COPY producer_lambda producer_lambda
COPY worker worker
COPY dashboard dashboard
COPY docs docs
RUN /opt/build/bin/pip wheel --no-deps --no-build-isolation --wheel-dir /wheels . \
 && python3 -m venv --without-pip /opt/pixelfleet \
 && /opt/build/bin/pip --python /opt/pixelfleet/bin/python install --no-deps --no-index /wheels/*.whl

# hadolint ignore=DL3006
FROM ${BASE}
ARG VERSION=0.0.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="pixelfleet" \
      org.opencontainers.image.description="Worker, dashboard and CLI of pixelfleet" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"

COPY --from=build /opt/pixelfleet /opt/pixelfleet

# The number is what task definitions name; /scratch is the one place to write, the root file system is read-only. ECS
# takes the folder's owner over from the image because it is declared as a volume.
RUN useradd --uid 10001 --user-group --no-create-home --home-dir /scratch --shell /usr/sbin/nologin pixelfleet \
 && install --directory --owner=10001 --group=10001 --mode=0700 /scratch
VOLUME /scratch
WORKDIR /scratch
ENV PATH=/opt/pixelfleet/bin:$PATH \
    HOME=/scratch \
    TMPDIR=/scratch \
    PIXELFLEET_SCRATCH_DIR=/scratch \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1
USER 10001:10001

# In exec form, so that signals reach the program itself. Task definitions give the worker's and the dashboard's commands.
CMD ["pixelfleet", "--help"]
