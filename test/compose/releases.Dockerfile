# An image of a user's: releases.ts on top of what this stack has built already.
ARG BASE
FROM ${BASE}
COPY --chmod=755 releases.ts test/
ARG BEHAVIOUR
ENV BEHAVIOUR=${BEHAVIOUR}
CMD ["node", "test/releases.ts"]
