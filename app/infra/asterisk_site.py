"""The files of `asterisk-config/site/` as a private Asterisk needs them: its own places, ports, secrets and addresses."""

from collections.abc import Mapping
from pathlib import Path

from app.infra.pbx_programs import PbxPrograms


def start_file(name: str, programs: PbxPrograms, folders: Mapping[str, Path]) -> str:
    """Where everything is. What the programs do not name is left to Asterisk."""
    places = {
        "astetcdir": folders["etc"],
        "astmoddir": programs.modules,
        "astdatadir": programs.data,
        "astvarlibdir": folders["lib"],
        "astdbdir": folders["db"],
        "astkeydir": folders["lib"],
        "astagidir": folders["agi"],
        "astspooldir": folders["spool"],
        "astrundir": folders["run"],
        "astlogdir": folders["log"],
    }
    known = "".join(f"{place} => {path}\n" for place, path in places.items() if path)
    return f"[directories]\n{known}\n[options]\nsystemname={name}\nlive_dangerously=no\n"


def manager(host: str, port: int, secret: str) -> str:
    return f"bindaddr={host}\nport={port}\n\n[tierline](tierline-rights)\nsecret={secret}\n"


def pjsip(host: str, port: int, trunk_address: str, phones: Mapping[str, str]) -> str:
    parts = [
        f"[transport-udp]\ntype=transport\nprotocol=udp\nbind={host}:{port}\n",
        f"[transport-ws]\ntype=transport\nprotocol=ws\nbind={host}\n",
        f"[trunk](tierline-trunk)\nmedia_address={host}\nbind_rtp_to_media_address=yes\n",
        f"[trunk-address]\ntype=identify\nendpoint=trunk\nmatch={trunk_address}\n",
    ]
    parts += [
        f"[{phone}](tierline-phone)\naors={phone}\nauth={phone}\ncallerid=Agent {phone} <{phone}>\n"
        f"media_address={host}\nbind_rtp_to_media_address=yes\n"
        f"[{phone}](tierline-phone-auth)\nusername={phone}\npassword={password}\n"
        f"[{phone}](tierline-phone-aor)\n"
        for phone, password in phones.items()
    ]
    return "\n".join(parts)


def read_globals(sample: Path) -> dict[str, str]:
    lines = (line.strip() for line in sample.read_text().splitlines())
    return dict(line.split("=", 1) for line in lines if line and not line.startswith(";"))


def variables(values: Mapping[str, str]) -> str:
    return "".join(f"{name}={value}\n" for name, value in values.items())
