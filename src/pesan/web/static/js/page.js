// Reads another page of ours as a document. Its inline styles carry that page's nonce, which this page's policy would
// refuse and report, and they are not needed here.
export function parse(text) {
  return new DOMParser().parseFromString(text.replace(/<style[\s\S]*?<\/style>/g, ""), "text/html");
}
