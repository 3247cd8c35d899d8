"""Gorgias' REST API as its documentation states it: what requests hold and what replies bring.

The client refuses to send what does not fit, and the simulated account refuses to take it.
"""
