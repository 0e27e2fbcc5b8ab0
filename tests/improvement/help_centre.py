"""A help centre on loopback, spoken to over real HTTP."""

from tests.stand_ins.http_server import Reply, Request, StandIn

HTML = {"Content-Type": "text/html; charset=utf-8"}


def page(title: str, text: str) -> bytes:
    return f"<html lang=en><title>{title}</title><main><h1>{title}</h1><p>{text}</p></main></html>".encode()


class HelpCentre(StandIn):
    """`pages` by path; `robots` is the text of robots.txt."""

    def __init__(self) -> None:
        super().__init__()
        self.pages: dict[str, Reply] = {}
        self.robots = Reply(404)

    def put(self, path: str, title: str, text: str) -> None:
        self.pages[path] = Reply(body=page(title, text), headers=HTML)

    def sitemap(self, *more: str) -> bytes:
        urls = [self.origin + path for path in self.pages] + list(more)
        entries = "".join(f"<url><loc>{url}</loc><lastmod>2026-05-01</lastmod></url>" for url in urls)
        return f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{entries}</urlset>'.encode()

    def reply_to(self, request: Request) -> Reply:
        if request.path == "/robots.txt":
            return self.robots
        if request.path == "/sitemap.xml":
            return Reply(body=self.sitemap(), headers={"Content-Type": "application/xml"})
        return self.pages.get(request.path, Reply(404))
