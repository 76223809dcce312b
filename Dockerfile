# One image for the webhook, the agent and the clean-up.
#   docker build -t registry.example.com/tranche:0.1.0 .
# With no network: --build-arg PIP_ARGS="--no-index --find-links /wheels" and the wheels mounted there.
# BASE has Python 3.11 or newer with its venv module; nothing else is taken from it.
ARG BASE=python:3.12-slim-bookworm

FROM ${BASE} AS build
ARG PIP_ARGS=""
WORKDIR /src
RUN python3 -m venv /opt/build
# A C compiler as a Python package: the base needs none, and the library runs on old glibcs.
COPY pyproject.toml ./
RUN python3 -c 'import tomllib; e = tomllib.load(open("pyproject.toml", "rb"))["project"]["optional-dependencies"]; print(*e["native"], *e["release"], sep="\n")' > tools.txt \
 && /opt/build/bin/pip install --no-cache-dir --disable-pip-version-check ${PIP_ARGS} -r tools.txt
COPY README.md LICENSE ./
COPY tranche ./tranche
COPY webhook ./webhook
COPY nodeagent ./nodeagent
# -I: nothing in a working folder or an environment variable becomes code. -u: logs come at once.
RUN python3 -m venv --without-pip /opt/tranche \
 && /opt/build/bin/pip --python /opt/tranche/bin/python3 install --no-cache-dir --disable-pip-version-check ${PIP_ARGS} . \
 && sed -i '1s/$/ -Iu/' /opt/tranche/bin/tranche /opt/tranche/bin/tranche-*
# As interposer/Makefile has it, which a base need not have a `make` for; a test holds them equal.
# Warnings are that Makefile's business.
COPY interposer ./interposer
RUN cd interposer && mkdir /opt/library \
 && { echo '{ global: dlsym; dlvsym; dlopen; dlmopen;'; sed -n 's/^\(ROUTES\|COUNTS\|HIDES\|PACES\)(\([A-Za-z0-9_]*\),.*/\2;/p' symbols/*.def; echo 'local: *; };'; } > /opt/library/exports.map \
 && cc="/opt/build/bin/python3 -m ziglang cc --target=$(uname -m)-linux-gnu.2.17" \
 && for source in src/*.c src/*/*.c; do \
      $cc -w -std=gnu11 -O2 -g -fPIC -fvisibility=hidden -fno-stack-protector -fno-builtin -U_FORTIFY_SOURCE -Iinclude -Isymbols -Isrc \
        -c -o /opt/library/$(echo $source | tr / .).o $source || exit 1; \
    done \
 && $cc -shared -nostdlib -Wl,-soname,libtranche.so -Wl,-Bsymbolic -Wl,-z,relro -Wl,--hash-style=both \
      -Wl,--version-script=/opt/library/exports.map -o /opt/library/libtranche.so /opt/library/*.o

FROM ${BASE}
COPY --from=build /opt/tranche /opt/tranche
COPY --from=build /opt/library/libtranche.so /usr/local/lib/tranche/libtranche.so
ENV PATH=/opt/tranche/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
# The agent runs as root: its pod says so.
USER 65532:65532
ENTRYPOINT ["tranche-webhook"]
