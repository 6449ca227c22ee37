"""The ports on which the three services listen."""

GATEWAY_PORT = 4000
BACKEND_PORT = 4001
UI_PORT = 3000
SERVICE_PORTS = (GATEWAY_PORT, BACKEND_PORT, UI_PORT)
