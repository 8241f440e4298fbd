# syntax=docker/dockerfile:1
# For amd64 and arm64: nothing in it names an architecture.

FROM swift:6.3-bookworm AS build

# The headers of what the program links to; each build takes the versions with the latest security updates.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends \
        libhiredis-dev libmongoc-dev libsqlite3-dev libssl-dev pkg-config zlib1g-dev \
    && rm -rf /var/lib/apt/lists/*

WORKDIR /src

# Dependencies are a layer of their own, made anew only when the manifest changes. Where there is no Package.resolved it is made here.
COPY Package.swift Package.resolve[d] ./
RUN swift package resolve && rm -rf .build

COPY Sources Sources
# The manifest names the tests' folders too.
COPY Tests Tests

# What was compiled stays in a cache for the next build; the standard library goes into the program, so the image needs no Swift.
ARG TARGETARCH
RUN --mount=type=cache,target=/src/.build,id=switchboard-$TARGETARCH,sharing=locked \
    swift build -c release --product switchboard --static-swift-stdlib --force-resolved-versions \
    && mkdir /out \
    && strip -o /out/switchboard .build/release/switchboard

FROM debian:bookworm-slim

# What the program is linked to, and the authorities that a managed Redis or MongoDB is checked against.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends \
        ca-certificates libhiredis0.14 libmongoc-1.0-0 libsqlite3-0 libssl3 zlib1g \
    && rm -rf /var/lib/apt/lists/*

# Not root, and a number, so that a platform can see that it isn't. The folder is for a SQLite file: mount a volume there to keep it.
RUN groupadd --system --gid 10001 switchboard \
    && useradd --system --uid 10001 --gid switchboard --home-dir /var/lib/switchboard --shell /usr/sbin/nologin switchboard \
    && install -d -o switchboard -g switchboard -m 750 /var/lib/switchboard

COPY --from=build /out/switchboard /usr/local/bin/switchboard

# Other machines reach a container by its own address, so 127.0.0.1 is no place to listen.
ENV HOST=0.0.0.0 \
    PORT=8000 \
    DB_URI=sqlite:/var/lib/switchboard/switchboard.db

USER 10001:10001
WORKDIR /var/lib/switchboard
EXPOSE 8000

# SIGTERM lets the clients go and ends within DRAIN_SECONDS (20) and 5 s: give "docker stop" --time 30.
STOPSIGNAL SIGTERM

# No curl in the image: the program asks itself.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 CMD ["switchboard", "healthcheck"]

ENTRYPOINT ["switchboard"]
CMD ["serve"]

# Last, as they change with every build.
ARG VERSION=development
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Switchboard" \
      org.opencontainers.image.description="A chat server that runs as any number of equal instances" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.base.name="debian:bookworm-slim" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$REVISION"
