# A small image that runs as nobody. Build:
#   docker build --build-arg VERSION="$(git describe --always --dirty)" -t paytrace-gateway .
FROM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=development
RUN CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.version=${VERSION}" -o /out/ ./cmd/gateway
RUN mkdir -m 700 /out/data

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /out/gateway /gateway
COPY --from=build --chown=65532:65532 /out/data /data
USER 65532:65532
WORKDIR /data
# In a container the loopback address reaches nobody.
ENV GATEWAY_CONFIG=/etc/gateway/gateway.yaml GATEWAY_LISTEN=0.0.0.0:8080 GATEWAY_OPERATOR_LISTEN=0.0.0.0:9090 GATEWAY_DATA_DIR=/data
EXPOSE 8080 9090
VOLUME /data
HEALTHCHECK --interval=10s --timeout=3s CMD ["/gateway", "health"]
ENTRYPOINT ["/gateway"]
CMD ["serve"]
