package io.ddpm4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ddpm4j.cli.Documents.Link;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Every link and picture of the documentation that names no other site leads somewhere. */
class DocumentedLinksTest {
  /** Fewer than these, and the documents or this test have lost some. */
  private static final int AT_LEAST = 40;

  private static final Path DOCUMENT = Path.of("docs/x.md");

  @Test
  void readsLinksOutsideOfCode() {
    List<Link> links =
        Documents.links(
            DOCUMENT,
            """
            # A [first](a.md) and ![a picture](images/b.png "its title")
            `[no link](c.md)` but [two](d.md#part) on [a line](<e f.md>)
            ```
            [no link](g.md)
            ```
            [else][where], ![linked picture](h.png), [![badge](i.svg)](j.md)

            [where]: k.md
            """);
    assertEquals(
        List.of(
            "docs/x.md:1: a.md",
            "docs/x.md:1: images/b.png",
            "docs/x.md:2: d.md#part",
            "docs/x.md:2: e f.md",
            "docs/x.md:6: h.png",
            "docs/x.md:6: i.svg",
            "docs/x.md:6: j.md",
            "docs/x.md:8: k.md"),
        links.stream().map(Link::toString).toList());
  }

  @Test
  void namesHeadingsAsTheirAnchors() {
    assertEquals(
        List.of("the-title", "in-java-21-or-later", "ddpm-sample", "a-link", "a-link-1"),
        Documents.anchors(
            """
            # The title
            ## In Java, 21 or later
            ### `ddpm sample`
            ```
            # a comment
            ```
            ## A [link](x.md)
            ## A link
            """));
  }

  @Test
  void findsWhatLeadsNowhere() throws IOException {
    assertEquals("", mistake(new Link(DOCUMENT, 1, "https://example.org/no.md")));
    assertEquals("", mistake(new Link(DOCUMENT, 1, "../README.md")));
    assertEquals("", mistake(new Link(DOCUMENT, 1, "architecture.md#modules")));
    assertEquals("", mistake(new Link(DOCUMENT, 1, "../docs")));
    assertTrue(mistake(new Link(DOCUMENT, 1, "no.md")).contains("no file"));
    assertTrue(mistake(new Link(DOCUMENT, 1, "README.md")).contains("no file"));
    assertTrue(mistake(new Link(DOCUMENT, 1, "Architecture.md")).contains("no file"));
    assertTrue(mistake(new Link(DOCUMENT, 1, "architecture.md#no")).contains("no heading"));
    assertTrue(mistake(new Link(DOCUMENT, 1, "../../x.md")).contains("outside"));
  }

  @Test
  void everyLinkLeadsSomewhere() throws IOException {
    List<String> mistakes = new ArrayList<>();
    int checked = 0;
    for (Path document : Documents.files()) {
      for (Link link :
          Documents.links(document, Files.readString(Documents.ROOT.resolve(document)))) {
        String mistake = mistake(link);
        if (!mistake.isEmpty()) {
          mistakes.add(link + ": " + mistake);
        }
        checked += isElsewhere(link) ? 0 : 1;
      }
    }
    assertEquals(List.of(), mistakes);
    assertTrue(checked >= AT_LEAST, "only " + checked + " links of their own");
  }

  private static boolean isElsewhere(Link link) {
    return link.target().matches("[a-z]+:.*");
  }

  /** What is wrong with a link; empty if nothing, or if it names another site. */
  private static String mistake(Link link) throws IOException {
    if (isElsewhere(link)) {
      return "";
    }
    int hash = link.target().indexOf('#');
    String path = hash < 0 ? link.target() : link.target().substring(0, hash);
    Path base = Documents.ROOT.toRealPath();
    Path document = base.resolve(link.document());
    Path file =
        path.isEmpty()
            ? document
            : document.getParent().resolve(URI.create(path.replace(" ", "%20")).getPath());
    if (!file.normalize().startsWith(base)) {
      return "outside of the project";
    }
    // As it is spelled: some file systems do not tell capitals from small letters.
    if (!Files.exists(file) || !file.toRealPath().endsWith(file.normalize().getFileName())) {
      return "no file " + base.relativize(file.normalize());
    }
    if (hash >= 0
        && !Documents.anchors(Files.readString(file)).contains(link.target().substring(hash + 1))) {
      return "no heading for it in " + base.relativize(file.normalize());
    }
    return "";
  }
}
