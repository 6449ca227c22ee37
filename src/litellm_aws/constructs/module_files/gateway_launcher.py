import importlib.util, sys
found = importlib.util.find_spec("gateway.launch")
print("python -m gateway.launch" if found else "uvicorn gateway.main:app")
if not found:
    print("This image has no gateway.launch, so there is no connection pool.", file=sys.stderr)
