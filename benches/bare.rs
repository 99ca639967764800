//! tiny_http alone, answering `/health` as `serve` does: what the gate's figure is compared with.

#![expect(clippy::print_stdout, reason = "it prints for benches/figures")]

fn main() {
    let Ok(server) = tiny_http::Server::http("127.0.0.1:0") else { return };
    println!("listening on http://{}", server.server_addr());
    while let Ok(request) = server.recv() {
        let answer = tiny_http::Response::from_string("{\"status\":\"ok\"}\n");
        let _ = request.respond(answer);
    }
}
