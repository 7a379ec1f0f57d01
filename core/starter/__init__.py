"""The bundled starter model: its wording, data generator, training and checks.

Nothing here imports torch until a training or an evaluation runs.
"""
