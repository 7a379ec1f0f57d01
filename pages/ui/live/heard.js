// What the response processor tells of a line: that it thinks, and what was left out of it.

function thinks(line) {
  return line.status === "pending" && !line.content && typeof line.reasoning === "string";
}

function hasTone(line) {
  const { tone } = line.speech || {};
  return Boolean(tone && tone.of > 0);
}

/** "thinking …" in the place of words that have not come yet. */
function drawThinking(node, yes, words) {
  const shown = node.querySelector(".thinking");
  if (yes && !shown) {
    const quiet = document.createElement("div");
    quiet.className = "thinking";
    quiet.textContent = words.thinking;
    node.querySelector(".text").before(quiet);
  } else if (!yes && shown) shown.remove();
}

function leftOut(line, words) {
  const { cut, masked } = line.speech || {};
  const rules = Object.entries(masked || {}).map(([rule, count]) => `${count} × ${rule}`);
  return [cut && cutWords(cut, words), rules.length && words.masked.replace("{rules}", () => rules.join(", "))];
}

function cutWords(cut, words) {
  if (cut.kind === "speaker") return words.cutSpeaker.replace("{name}", () => cut.name);
  if (cut.kind === "filter") return words.cutFilter.replace("{rule}", () => cut.rule);
  return words.cutTemplate;
}
