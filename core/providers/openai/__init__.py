"""Models of servers that speak OpenAI's language: llama.cpp, vLLM, LM Studio and the clouds."""
