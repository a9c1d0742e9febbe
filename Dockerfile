# Other images with the same programs will do: where no registry is reachable the test makes both from Debian.
ARG BUILD_IMAGE=node:24-bookworm-slim
ARG RUN_IMAGE=gcr.io/distroless/nodejs24-debian12:nonroot

# Build: TypeScript to JavaScript, the native relay, and the production dependencies by themselves.
FROM ${BUILD_IMAGE} AS build
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends gcc libc6-dev libcap2-bin
WORKDIR /build
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json ./
COPY scripts ./scripts
COPY native ./native
COPY web ./web
COPY src ./src
COPY demo ./demo
COPY packaging ./packaging
COPY LICENSE ./
RUN npm run build && node packaging/image-papers.mjs papers && npm prune --omit=dev --ignore-scripts --no-audit --no-fund
COPY deploy/container/entrypoint.c ./
RUN gcc -Os -Wall -Wextra -Werror -static -o chargehand entrypoint.c && setcap cap_net_bind_service=p chargehand
# Belong to the one who runs it, so that a fresh volume in their place does too.
RUN mkdir -p places/run/chargehand places/var/lib/chargehand

# Run: no shell, no package manager, not root. Node becomes process 1, so signals reach it.
FROM ${RUN_IMAGE}
WORKDIR /app
COPY --from=build /build/chargehand /usr/bin/chargehand
COPY --from=build --chown=65532:65532 /build/places/run/chargehand /run/chargehand
COPY --from=build --chown=65532:65532 /build/places/var/lib/chargehand /var/lib/chargehand
COPY --from=build /build/papers /usr/share/doc/chargehand
COPY --from=build /build/package.json ./
COPY --from=build /build/node_modules ./node_modules
COPY --from=build /build/prebuilds ./prebuilds
COPY --from=build /build/dist/src ./dist/src
COPY --from=build /build/dist/web ./dist/web
# Bulk relaying frees large buffers often: two arenas keep glibc from holding on to them.
ENV NODE_ENV=production MALLOC_ARENA_MAX=2
# nobody: 65532 is distroless's nonroot.
USER 65532:65532
EXPOSE 8404
# By the admin socket that the file names, so it holds wherever http: listens; with admin: false give another check, or none.
HEALTHCHECK --interval=30s --timeout=10s --start-period=10s CMD ["/usr/bin/chargehand", "status"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["/usr/bin/chargehand"]
CMD ["run", "-c", "/etc/chargehand/chargehand.yaml"]
