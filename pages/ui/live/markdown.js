// Light Markdown for text that is still growing. Only text nodes and a fixed set of elements
// are made, so nothing an agent writes can become an element, a link or a request.

const FENCE = /^\s{0,3}(```|~~~)\s*([\w+-]*)/;
const INLINE =
  /(`+)([\s\S]+?)\1|\*\*([^\s*](?:[\s\S]*?[^\s])?)\*\*|\*([^\s*](?:[^*]*?[^\s])?)\*|!?\[([^\]]*)\]\(\s*<?([^\s)>]*)[^)]*\)/;

/** Without the signs that turn the reading direction: they would reach beyond the text. */
function straight(text) {
  return text.replace(/[\u202a-\u202e\u2066-\u2069]/g, "");
}

/** Draw `source` into `target`. Blocks that are finished keep their nodes. */
function drawMarkdown(target, source) {
  const blocks = splitBlocks(straight(source));
  const known = target._blocks || [];
  let same = 0;
  while (same < known.length && same < blocks.length && known[same] === blocks[same]) same++;
  while (target.childNodes.length > same) target.lastChild.remove();
  for (const block of blocks.slice(same)) target.append(blockNode(block));
  target._blocks = blocks;
}

function splitBlocks(source) {
  const blocks = [];
  let lines = [];
  let fence = null;
  const close = () => {
    if (lines.length) blocks.push(lines.join("\n"));
    lines = [];
  };
  for (const line of source.split("\n")) {
    const mark = line.match(FENCE);
    if (fence) {
      lines.push(line);
      if (mark && mark[1] === fence && !mark[2]) {
        fence = null;
        close();
      }
    } else if (mark) {
      close();
      fence = mark[1];
      lines.push(line);
    } else if (!line.trim()) {
      close();
    } else {
      if (/^#{1,6}\s/.test(line)) close();
      lines.push(line);
      if (/^#{1,6}\s/.test(line)) close();
    }
  }
  close();
  return blocks;
}

function blockNode(block) {
  if (FENCE.test(block)) return codeNode(block);
  const heading = block.match(/^(#{1,6})\s+(.*)$/);
  if (heading) return inlineNode("h" + Math.min(6, heading[1].length + 2), heading[2]);
  if (/^\s*([-*_])(\s*\1){2,}\s*$/.test(block)) return document.createElement("hr");
  const lines = block.split("\n");
  if (lines.every((line) => /^\s{0,3}>/.test(line))) {
    const quote = document.createElement("blockquote");
    quote.append(inlineNode("p", lines.map((line) => line.replace(/^\s*>\s?/, "")).join("\n")));
    return quote;
  }
  if (/^\s*([-*+]|\d{1,9}[.)])\s/.test(lines[0])) return listNode(lines);
  return inlineNode("p", block);
}

function codeNode(block) {
  const lines = block.split("\n").slice(1);
  if (lines.length && FENCE.test(lines[lines.length - 1])) lines.pop();
  const pre = document.createElement("pre");
  const code = document.createElement("code");
  code.textContent = lines.join("\n");
  pre.append(code);
  return pre;
}

function listNode(lines) {
  const numbered = /^\s*\d/.test(lines[0]);
  const list = document.createElement(numbered ? "ol" : "ul");
  if (numbered) list.start = Number.parseInt(lines[0], 10);
  const items = [];
  for (const line of lines) {
    const item = line.match(/^(\s*)(?:[-*+]|\d{1,9}[.)])\s+(.*)$/);
    if (item) items.push(item[2]);
    else items[items.length - 1] += "\n" + line.trim();
  }
  for (const item of items) list.append(inlineNode("li", item));
  return list;
}

function inlineNode(tag, text) {
  const node = document.createElement(tag);
  inline(node, text);
  return node;
}

function inline(node, text) {
  let rest = text;
  for (let match = rest.match(INLINE); match; match = rest.match(INLINE)) {
    node.append(plain(rest.slice(0, match.index)));
    rest = rest.slice(match.index + match[0].length);
    if (match[1]) node.append(codeSpan(match[2]));
    else if (match[3] !== undefined) node.append(inlineNode("strong", match[3]));
    else if (match[4] !== undefined) node.append(inlineNode("em", match[4]));
    else {
      inline(node, match[5] || "");
      if (match[6]) node.append(match[5] ? " " : "", codeSpan(match[6]));
    }
  }
  node.append(plain(rest));
}

function plain(text) {
  const part = document.createDocumentFragment();
  text.replace(/\\([!-/:-@[-`{-~])/g, "$1").split("\n").forEach((line, index) => {
    if (index) part.append("\n");
    part.append(line);
  });
  return part;
}

function codeSpan(text) {
  const code = document.createElement("code");
  code.textContent = text;
  return code;
}
