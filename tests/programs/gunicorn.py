"""gunicorn.py -- settings of the service's master and its workers."""
import os

bind = "127.0.0.1:" + os.environ["PORT"]
workers = 2
threads = 4
worker_tmp_dir = "/tmp"
