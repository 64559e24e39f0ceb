"""azmlinfsrv on 127.0.0.1 only: it has no option for the address it binds."""

from azureml_inference_server_http import amlserver

amlserver.DEFAULT_HOST = "127.0.0.1"
amlserver.run()
