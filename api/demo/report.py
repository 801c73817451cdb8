"""What to try next, printed after the demo is loaded: every line works as printed."""

from collections.abc import Mapping
from typing import Any


def next_steps(report: Mapping[str, Any]) -> str:
    """A text for the terminal, Chinese and English."""
    server = report["server"]
    issuer = report["clients"][0]
    consumer = report["clients"][-1]
    valid = report["identifiers"]["VALID"][0]
    identifiers = "\n".join(
        f"    {view:<18} {found[0]}" for view, found in report["identifiers"].items()
    )
    pdf, count = report["files"][0]["path"], report["certificates"]
    token = (
        f"TOKEN=$(curl -s -u {consumer['client_id']}:{consumer['client_secret']}"
        f" -d grant_type=client_credentials {server}/oauth2/token"
        """ | sed 's/.*"access_token": *"\\([^"]*\\)".*/\\1/')"""
    )
    return f"""
  演示数据已就绪：{count} 份证照 · Demo data ready: {count} certificates

  网页 Page     {server}/v/{valid}
  PDF           {pdf}
  凭据 Client   {issuer["client_id"]}  {issuer["client_secret"]}
                全部凭据见 demo.json · every client is in demo.json

  每种状态一个标识 · One identifier of each state
{identifiers}

  试一试 · Try, in another terminal

  curl -s {server}/v1/status/{valid}

  {token}

  curl -s -H "Authorization: Bearer $TOKEN" -F file=@{pdf} {server}/v1/verifications
"""
