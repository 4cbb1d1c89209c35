"""nginx on a host of the lab."""

import os
import shutil

from .process import Process

MAIN = """
daemon off;
pid {folder}/nginx.pid;
user www-data;
worker_processes 1;
error_log {folder}/error.log info;
events {{ worker_connections 512; }}
http {{
    default_type text/plain;
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
{sites}
}}
"""


def listen(host, *addresses, port=443, options="ssl"):
    """The listen lines of a server on these addresses of host."""
    return "\n".join(
        f"listen {f'[{a}]' if ':' in a else a}:{host.port(port)} {options};"
        for a in addresses)


def server(where, leaf, content):
    """A TLS server with the certificate of leaf."""
    return f"""
    server {{
        {where}
        ssl_certificate {leaf.chain};
        ssl_certificate_key {leaf.key};
        ssl_protocols TLSv1.2 TLSv1.3;
        ssl_ciphers DEFAULT:@SECLEVEL=0;
        {content}
    }}"""


def start(host, folder, sites, address, port=443):
    """Runs nginx with these sites; it is up when address answers."""
    os.makedirs(folder, exist_ok=True)
    shutil.copy("/etc/nginx/fastcgi_params", folder)
    configuration = os.path.join(folder, "nginx.conf")
    with open(configuration, "w", encoding="ascii") as f:
        f.write(MAIN.format(folder=folder, sites=sites))
    process = Process(host, ["nginx", "-p", folder, "-e", f"{folder}/error.log",
                             "-c", configuration], f"{folder}/nginx.log")
    return process.ready(lambda: host.answers(address, host.port(port)),
                         f"nginx on {host.name}")
