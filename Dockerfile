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
        -Xswiftc -use-ld=lld -Xlinker --icf=safe -Xlinker -z -Xlinker pack-relative-relocs \
    && mkdir /out \
    && strip -o /out/switchboard .build/release/switchboard

FROM debian:bookworm-slim AS files

# What the program is linked to, the authorities that a managed Redis or MongoDB is checked against, and the tools of the next steps.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends \
        binutils ca-certificates icu-devtools libhiredis0.14 libmongoc-1.0-0 libsqlite3-0 libssl3 zlib1g \
    && rm -rf /var/lib/apt/lists/*

# Not root, and a number, so that a platform can see that it isn't. The folder is for a SQLite file: mount a volume there to keep it.
RUN groupadd --system --gid 10001 switchboard \
    && useradd --system --uid 10001 --gid switchboard --home-dir /var/lib/switchboard --shell /usr/sbin/nologin switchboard \
    && install -d -o switchboard -g switchboard -m 750 /var/lib/switchboard

# libmongoc has ICU prepare a password that isn't ASCII (RFC 4013): of 31 MB of ICU's tables that takes these two.
WORKDIR /icu
RUN objcopy -O binary -j .rodata "$(ldconfig -p > all && sed -n 's/^.*libicudata\.so\.72 .*=> //p' all)" icudt72l.dat \
    && printf 'nfkc.nrm\nrfc4013.spp\n' > tables.txt \
    && mkdir tables \
    && icupkg -d tables -x tables.txt icudt72l.dat \
    && rm icudt72l.dat \
    && icupkg -s tables -a tables.txt new icudt72l.dat \
    && printf '%s\n' '.section .rodata' '.balign 16' '.globl icudt72_dat' '.type icudt72_dat, %object' 'icudt72_dat:' \
        '.incbin "icudt72l.dat"' > data.s \
    && as -o data.o data.s \
    && ld -shared -soname libicudata.so.72 -o libicudata.so.72 data.o

COPY --from=build /out/switchboard /usr/local/bin/switchboard

# The image has this and nothing else: the program, the libraries that it loads with their licences and what scanners know them by, the
# authorities, the users' names, and "sleep" for platforms that run it before they stop a container.
WORKDIR /image
RUN set -e; \
    ldd /usr/local/bin/switchboard /usr/bin/sleep > /icu/loaded; \
    grep -o '/[^ ]*[.]so[^ ]*' /icu/loaded > /icu/libraries; \
    xargs --arg-file=/icu/libraries cp --dereference --parents --target-directory=.; \
    cp --dereference /icu/libicudata.so.72 "$(sed -n '/libicudata/{s,^/,,p;q}' /icu/libraries)"; \
    cp --parents --target-directory=. /usr/local/bin/switchboard /usr/bin/sleep \
        /etc/ssl/certs/ca-certificates.crt /etc/passwd /etc/group /etc/nsswitch.conf /usr/share/doc/gcc-*-base/copyright; \
    mkdir -p tmp usr/lib/ssl var/lib/dpkg/status.d; \
    chmod 1777 tmp; \
    ln -s /etc/ssl/certs/ca-certificates.crt usr/lib/ssl/cert.pem; \
    while read -r library; do dpkg-query --search "*/${library##*/}"; done < /icu/libraries > /icu/owners; \
    for package in $(cut -d : -f 1 /icu/owners) ca-certificates coreutils; do \
        dpkg-query --status "$package" > "var/lib/dpkg/status.d/$package"; \
        if [ -e "/usr/share/doc/$package" ]; then cp --parents --target-directory=. "/usr/share/doc/$package/copyright"; fi; \
    done

FROM scratch

COPY --from=files /image /
COPY --from=files --chown=10001:10001 /var/lib/switchboard /var/lib/switchboard

# Other machines reach a container by its own address, so 127.0.0.1 is no place to listen. Containers of a pod may share their memory, and
# each has its server as process 1: libmongoc's counters, which go by that number, would be in each other's way.
ENV HOST=0.0.0.0 \
    PORT=8000 \
    DB_URI=sqlite:/var/lib/switchboard/switchboard.db \
    MONGOC_DISABLE_SHM=1

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
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$REVISION"
