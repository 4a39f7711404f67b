# reconciler as an image, for CI servers that run each job in a container:
#
#     docker build --tag reconciler .
#     docker run --rm --user "$(id -u):$(id -g)" --volume "$PWD:/work" --env SCALE_API_KEY reconciler plan
#
# The digest names the index of python:3.13-slim-trixie for all platforms, when it was Python 3.13.15. For a newer one:
# docker buildx imagetools inspect python:3.13-slim-trixie
FROM python:3.13-slim-trixie@sha256:9d2e5553305c7c7b0097999bb17187c69b921ccd6bc9d40e4bb5ebe652c00285 AS build
COPY LICENSE README.md hatch_build.py pyproject.toml /source/
COPY reconciler /source/reconciler/
RUN python -I -m venv --without-pip /opt/reconciler \
    && python -I -m pip --python /opt/reconciler/bin/python install --no-cache-dir --disable-pip-version-check \
        --only-binary :all: --require-hashes --requirement /source/reconciler/initial/action/action.lock \
    && python -I -m pip --python /opt/reconciler/bin/python install --no-cache-dir --disable-pip-version-check \
        --no-index --no-deps --no-build-isolation /source

FROM python:3.13-slim-trixie@sha256:9d2e5553305c7c7b0097999bb17187c69b921ccd6bc9d40e4bb5ebe652c00285
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates git \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home --uid 10001 reconciler
COPY --from=build /opt/reconciler /opt/reconciler
ENV PATH=/opt/reconciler/bin:$PATH
# The repository is mounted at /work. git reads it only for its owner, because no folder is trusted (safe.directory).
USER 10001:10001
WORKDIR /work
ENTRYPOINT ["reconciler"]
