.PHONY: help
help:
	@sed -n 's/^## //p' mk/help.txt
