"""Faults of the real stack under load: `make test-faults`. Its parts are also what short tests of `make test` are made of.

`stack` starts servers, API and workers; `network` puts the workers into a namespace whose links can be cut; `stations`
and `readers` are the load and keep what they were told; `strikes` kills, stops and cuts; `checks` compares all stores
afterwards; `record` keeps the figures; `matrix` is the whole run.
"""
