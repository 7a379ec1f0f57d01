"""What the screens share: the only place with Streamlit helpers."""
