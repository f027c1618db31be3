# Stands in for an image of an operator: releases.ts on top of the base image that the stack has built.
ARG BASE
FROM ${BASE}
COPY --chmod=755 releases.ts test/
ARG BEHAVIOUR
ENV BEHAVIOUR=${BEHAVIOUR}
CMD ["node", "test/releases.ts"]
