# Build: TypeScript to JavaScript, and the production dependencies by themselves.
FROM node:24-bookworm-slim AS build
WORKDIR /build
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts
COPY tsconfig.json tsconfig.build.json ./
COPY scripts ./scripts
COPY src ./src
COPY demo ./demo
RUN npm run build && npm prune --omit=dev --ignore-scripts

# Run: no shell, no package manager, not root. Node is process 1, so signals reach it.
FROM gcr.io/distroless/nodejs24-debian12:nonroot
WORKDIR /app
COPY --from=build /build/package.json ./
COPY --from=build /build/node_modules ./node_modules
COPY --from=build /build/dist/src ./dist/src
# Bulk relaying frees large buffers often: two arenas keep glibc from holding on to them.
ENV NODE_ENV=production MALLOC_ARENA_MAX=2
USER nonroot
EXPOSE 8404
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s \
  CMD ["/nodejs/bin/node", "-e", "fetch('http://127.0.0.1:8404/healthz').then(r=>process.exit(r.ok?0:1),()=>process.exit(1))"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["/nodejs/bin/node", "dist/src/main.js"]
CMD ["run", "-c", "/etc/chargehand/chargehand.yaml"]
