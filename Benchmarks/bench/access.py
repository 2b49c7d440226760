"""What policies cost a request: the same proxy with the `access` filter and without."""

from .scenarios import Scenario

ALL = [Scenario("access", "HTTP/1.1, 64 connections, requests that one of 500 policies permits", "access", "http_port", 64,
                peers=("sluice", "sluice-access"), baseline="sluice")]
