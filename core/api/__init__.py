"""The API: who is let in, the routes, and the server around them.

    from core.api.app import create_app
    from core.api.security import SecurityMiddleware

Nothing is imported here: a command that needs only `core.api.bodies` must not load FastAPI.
"""
