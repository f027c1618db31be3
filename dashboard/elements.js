/**
 * The element of an id.
 * @param {string} id
 * @returns {HTMLElement}
 */
export function byId(id) {
  const element = document.getElementById(id);
  if (element === null) throw new Error(`the page has no #${id}`);
  return element;
}

/**
 * A new element. What it says is text, whatever it looks like: nothing on this page is ever read as markup.
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
 * Changes nothing that is right already, so that nothing is said twice and no selection is lost.
 * @param {string | HTMLElement} element
 * @param {string} text
 */
export function setText(element, text) {
  const target = typeof element === 'string' ? byId(element) : element;
  if (target.textContent !== text) target.textContent = text;
}

/**
 * Something from outside: kept apart from the words around it, whichever way its script runs.
 * @param {string} text
 */
export function quote(text) {
  return make('bdi', 'quote', text);
}
