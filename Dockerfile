# Transom in a container: relay on 4000, admin pages on 4001.
#
#   docker build -t transom .
#   docker run --init -p 127.0.0.1:4000:4000 -p 127.0.0.1:4001:4001 -v transom-data:/data -v transom-spool:/spool \
#     -e TRANSOM_SPOOL_KEY -e TRANSOM_ADMIN_TOKEN transom
#
# TRANSOM_SPOOL_KEY (or TRANSOM_SPOOL_KEY_FILE) encrypts what waits in the spool: without it a restarted container could
# not read what the one before left. It must not lie on the volumes. Callers bring their own provider keys: with keys
# held by the gateway, Transom refuses to listen on 0.0.0.0.

FROM python:3.12-slim AS build
WORKDIR /build
RUN python -m venv /opt/transom
COPY requirements.lock ./
RUN /opt/transom/bin/pip install --no-cache-dir --no-deps --require-hashes -r requirements.lock
COPY pyproject.toml README.md LICENSE NOTICE ./
COPY config ./config
COPY src ./src
RUN /opt/transom/bin/pip install --no-cache-dir --no-deps --no-build-isolation .

FROM python:3.12-slim
# pg_dump and pg_restore, for `transom backup` with PostgreSQL.
RUN apt-get update && apt-get install --yes --no-install-recommends postgresql-client && rm -rf /var/lib/apt/lists/*
RUN useradd --system --uid 10001 --home-dir /data transom \
    && install -d -o transom -m 700 /data /spool
COPY --from=build /opt/transom /opt/transom
ENV PATH=/opt/transom/bin:$PATH \
    TRANSOM_DATA=/data \
    TRANSOM_SPOOL__DIR=/spool \
    # Inside a container loopback reaches nobody; what the host publishes decides who gets in.
    TRANSOM_HOST=0.0.0.0 \
    TRANSOM_ADMIN_HOST=0.0.0.0
USER transom
VOLUME ["/data", "/spool"]
EXPOSE 4000 4001
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:4000/health/live', timeout=2)"]
ENTRYPOINT ["transom"]
CMD ["serve"]
