// Mounts Ace in Streamlit's element. Python gives the text to begin with; what is written goes back when the
// writer pauses or leaves the editor.
const PAUSE_MILLISECONDS = 600;
const editors = new WeakMap();

window.ace.define("ace/theme/yosoku", ["require", "exports"], (require, exports) => {
  exports.cssClass = "ace-yosoku";
  exports.cssText = "";
});

function open(host, data, report) {
  const editor = window.ace.edit(host, {
    mode: `ace/mode/${data.language}`,
    theme: "ace/theme/yosoku",
    useWorker: false,
    showPrintMargin: false,
    fontSize: 13,
    wrap: true,
    enableKeyboardAccessibility: true, // Tab goes on to the next control; Enter begins to write, Escape ends it
  });
  editor.textInput.getElement().setAttribute("aria-label", data.label);
  let waiting;
  const tell = () => {
    clearTimeout(waiting);
    report(editor.getValue());
  };
  editor.on("change", () => {
    clearTimeout(waiting);
    waiting = setTimeout(tell, PAUSE_MILLISECONDS);
  });
  editor.on("blur", tell);
  return editor;
}

export default function ({ parentElement, data, setStateValue }) {
  const host = parentElement.querySelector(".code-editor");
  let known = editors.get(host);
  if (!known) {
    known = { report: () => {}, beginning: null, told: null };
    known.editor = open(host, data, (text) => {
      if (text === known.told) return;
      known.told = text;
      known.report(text);
    });
    editors.set(host, known);
  }
  // A new beginning from Python replaces what is there; a rerun with the same one leaves the writer alone.
  if (data.beginning !== known.beginning) {
    known.beginning = data.beginning;
    known.told = data.text;
    known.editor.setValue(data.text, -1);
  }
  known.report = (text) => setStateValue("written", { beginning: data.beginning, text });
  known.editor.session.setAnnotations(
    data.notes.map(([row, text]) => ({ row: Math.max(0, row - 1), column: 0, text, type: "warning" })),
  );
}
