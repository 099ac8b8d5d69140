//! nginx, Apache httpd and lighttpd from Debian, and Node's own server.

use std::path::Path;

use tokio::process::Command;

use super::logs_no_more_than_was_forwarded;
use super::server::{Place, Server, program};

async fn server(name: &'static str, command: impl Fn(&Path, &Place<'_>) -> Command) -> Option<Server> {
    let program = program(name)?;
    Some(Server::start(name, |place| command(&program, place)).await)
}

#[tokio::test]
async fn nginx_logs_no_more_than_was_forwarded() {
    let nginx = server("nginx", |program, place| {
        let folder = place.folder.display();
        let conf = place.file(
            "nginx.conf",
            &format!(
                "daemon off; master_process off; pid {folder}/pid; error_log {folder}/error.log;
                 events {{ }}
                 http {{
                   client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
                   fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
                   log_format line escape=none '$request'; access_log {log} line;
                   ignore_invalid_headers off; underscores_in_headers on; merge_slashes off;
                   server {{ listen {ip}:{port}; location / {{ return 200 ok; }} error_page 404 /missing; }}
                 }}",
                log = place.log(),
                ip = place.ip,
                port = place.port
            ),
        );
        let mut command = Command::new(program);
        command.arg("-e").arg(place.folder.join("early.log")).arg("-c").arg(conf);
        command
    });
    logs_no_more_than_was_forwarded(nginx.await).await;
}

#[tokio::test]
async fn httpd_logs_no_more_than_was_forwarded() {
    let httpd = server("apache2", |program, place| {
        let folder = place.folder.display();
        let conf = place.file(
            "httpd.conf",
            &format!(
                "ServerRoot {folder}
                 ServerName localhost
                 LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so
                 Listen {ip}:{port}
                 PidFile {folder}/pid
                 Mutex file:{folder}
                 User www-data
                 Group www-data
                 DocumentRoot {folder}
                 HttpProtocolOptions Unsafe LenientMethods Allow0.9
                 AllowEncodedSlashes NoDecode
                 ErrorLog {folder}/error.log
                 LogFormat \"%r\" line
                 CustomLog {log} line",
                log = place.log(),
                ip = place.ip,
                port = place.port
            ),
        );
        let mut command = Command::new(program);
        command.arg("-X").arg("-f").arg(conf);
        command
    });
    logs_no_more_than_was_forwarded(httpd.await).await;
}

#[tokio::test]
async fn lighttpd_logs_no_more_than_was_forwarded() {
    let lighttpd = server("lighttpd", |program, place| {
        let conf = place.file(
            "lighttpd.conf",
            &format!(
                "server.modules = (\"mod_accesslog\")
                 server.bind = \"{ip}\"
                 server.port = {port}
                 server.document-root = \"{folder}\"
                 server.errorlog = \"{folder}/error.log\"
                 server.http-parseopts = (\"header-strict\" => \"disable\", \"host-strict\" => \"disable\", \"url-normalize\" => \"disable\")
                 accesslog.filename = \"{log}\"
                 accesslog.format = \"%r\"",
                folder = place.folder.display(),
                log = place.log(),
                ip = place.ip,
                port = place.port
            ),
        );
        let mut command = Command::new(program);
        command.arg("-D").arg("-f").arg(conf);
        command
    });
    logs_no_more_than_was_forwarded(lighttpd.await).await;
}

#[tokio::test]
async fn node_logs_no_more_than_was_forwarded() {
    let script = r"
        const fs = require('fs'), http = require('http');
        const [log, port, ip] = process.argv.slice(2);
        const write = line => fs.appendFileSync(log, line + '\n', 'latin1');
        const server = http.createServer({ insecureHTTPParser: true, requireHostHeader: false }, (request, response) => {
          write(`${request.method} ${request.url}`);
          request.on('error', () => {});
          request.resume();
          response.end('ok');
        });
        // The gateway breaks off where a client's body does.
        const cut = ['ECONNRESET', 'HPE_INVALID_EOF_STATE'];
        server.on('clientError', (error, socket) => { if (!cut.includes(error.code)) write(`BAD ${error.code}`); socket.destroy(); });
        server.on('upgrade', (request, socket) => { write(`UPGRADE ${request.url}`); socket.destroy(); });
        server.on('connect', (request, socket) => { write(`CONNECT ${request.url}`); socket.destroy(); });
        server.listen(Number(port), ip);
    ";
    let node = server("node", |program, place| {
        let script = place.file("server.js", script);
        let mut command = Command::new(program);
        command.arg(script).arg(place.log()).arg(place.port.to_string()).arg(place.ip.to_string());
        command
    });
    logs_no_more_than_was_forwarded(node.await).await;
}
