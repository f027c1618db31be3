/**
 * Returns the element with an id.
 * @param {string} id
 * @returns {HTMLElement}
 */
export function byId(id) {
  const element = document.getElementById(id);
  if (element === null) throw new Error(`the page has no #${id}`);
  return element;
}

/**
 * Creates an element. Strings are added as text: nothing on this page is ever parsed as markup.
 * @param {string} tag
 * @param {string} className
 * @param {...(Node | string)} content
 */
export function make(tag, className = '', ...content) {
  const element = document.createElement(tag);
  if (className !== '') element.className = className;
  element.append(...content);
  return element;
}

/**
 * Sets the text only if it differs, so that a screen reader does not repeat it and no selection is lost.
 * @param {string | HTMLElement} element
 * @param {string} text
 */
export function setText(element, text) {
  const target = typeof element === 'string' ? byId(element) : element;
  if (target.textContent !== text) target.textContent = text;
}

/**
 * Marks a text from outside. `bdi` isolates its writing direction from the words around it.
 * @param {string} text
 */
export function quote(text) {
  return make('bdi', 'quote', text);
}
