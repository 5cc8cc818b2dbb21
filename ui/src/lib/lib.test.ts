import { describe, expect, it } from 'vitest';
import { csvCell, toCsv } from './csv';
import { relativeTime } from './dates';
import { jsonLine, yamlLineTokens } from './highlight';
import { parseSearch, stringifySearch, toggleFilter } from './search';
import { browserName, plainMarkdown, shortPath, words } from './text';
import { localPath, mailHref, safeHref } from './urls';

describe('safeHref', () => {
  it('lets web and mail addresses through', () => {
    expect(safeHref('https://a.example/x?y=1')).toBe('https://a.example/x?y=1');
    expect(safeHref('mailto:a@b.example')).toBe('mailto:a@b.example');
    expect(mailHref('team@acme.example')).toBe('mailto:team@acme.example');
  });
  it.each([
    'javascript:alert(1)',
    ' JaVaScRiPt:alert(1)',
    'java\nscript:alert(1)',
    'data:text/html,x',
    'vbscript:x',
    'file:///etc/passwd',
    '//evil.example',
    '/relative',
    'https://',
    42,
    null,
  ])('keeps %j plain text', (value) => expect(safeHref(value)).toBeNull());
  it('does not smuggle headers into mail addresses', () => {
    expect(mailHref('a@b.example?bcc=c@d.example')).toBeNull();
  });
});

describe('csv', () => {
  it('defuses formulas and keeps numbers', () => {
    expect(csvCell('=1+1')).toBe("'=1+1");
    expect(csvCell('@SUM(A1)')).toBe("'@SUM(A1)");
    expect(csvCell('-cmd')).toBe("'-cmd");
    expect(csvCell('+49 30')).toBe("'+49 30");
    expect(csvCell(-5)).toBe('-5');
  });
  it('quotes what needs quoting', () => {
    expect(csvCell('a "b", c')).toBe('"a ""b"", c"');
    expect(csvCell('=HYPERLINK("x","y")')).toBe('"\'=HYPERLINK(""x"",""y"")"');
    expect(toCsv(['a', 'b'], [[1, null]])).toBe('\uFEFFa,b\r\n1,\r\n');
  });
});

describe('search', () => {
  it.each([
    { q: 'pay', sort: '-title' },
    { filters: { 'properties.type': ['service', null], 'relations.system': ['system:default/a b'] } },
    { filters: { 'properties.x': ['~', '~~y', '', 'a&b=c'] } },
  ])('survives the address: %j', (search) => {
    expect(parseSearch(stringifySearch(search))).toEqual(search);
  });
  it('keeps refs readable', () => {
    expect(stringifySearch({ id: 'component:default/orders' })).toBe('?id=component:default/orders');
  });
  it('toggles values and drops empty filters', () => {
    const one = toggleFilter({}, 'team', 'a');
    expect(one).toEqual({ team: ['a'] });
    expect(toggleFilter(one, 'team', 'a')).toEqual({});
  });
});

describe('text', () => {
  it('makes words of keys', () => {
    expect(words('dependsOnComponent')).toBe('Depends on component');
    expect(words('providesAPIs')).toBe('Provides APIs');
    expect(words('apiProvidedBy')).toBe('API provided by');
    expect(words('cost_centre')).toBe('Cost centre');
  });
  it('flattens markdown', () => {
    expect(plainMarkdown('# Hi\n\nSee the [book](https://x) and **act**.')).toBe('Hi See the book and act.');
  });
  it('shortens paths', () => expect(shortPath('file:/etc/a/b/c.yaml')).toBe('…/b/c.yaml'));
  it('tells the time', () => {
    const now = Date.parse('2026-01-10T00:00:00Z');
    expect(relativeTime('2026-01-07T00:00:00Z', now)).toBe('3 days ago');
    expect(relativeTime('2026-01-10T02:00:00Z', now)).toBe('in 2 hours');
    expect(relativeTime('no date', now)).toBeNull();
  });
});

describe('highlight', () => {
  const kinds = (tokens: { kind: string; text: string }[]) => tokens.map((t) => `${t.kind}:${t.text.trim()}`);
  it('loses no character', () => {
    for (const line of ['  - name: a # b', 'url: https://x.example/#y', '"a: b": [1, 2]', '- - x', 'plain', '']) {
      expect(yamlLineTokens(line).map((t) => t.text).join('')).toBe(line);
      expect(jsonLine(line).map((t) => t.text).join('')).toBe(line);
    }
  });
  it('knows keys from values', () => {
    expect(kinds(yamlLineTokens('kind: Component'))).toEqual(['key:kind', 'punctuation::', 'punctuation:', 'string:Component']);
    expect(kinds(jsonLine('"a": true'))).toEqual(['key:"a"', 'punctuation::', 'plain:', 'literal:true']);
  });
});

describe('localPath', () => {
  it('keeps a page of this program, whole', () => {
    expect(localPath('/catalog/component?q=a&f.x=~#top')).toBe('/catalog/component?q=a&f.x=~#top');
  });

  it('leads nowhere else', () => {
    const outside = [
      'https://example.com', '//example.com', '/\\example.com', '/\t/example.com', '\n//example.com', '/a/..//example.com', 'javascript:alert(1)',
      'catalog', '', undefined, 7, '/sign-in?to=/x', '/welcome#token', '/.//example.com',
    ];
    for (const value of outside) expect(localPath(value), String(value)).toBe('/');
  });
});

describe('browserName', () => {
  it('says what a browser says of itself', () => {
    expect(browserName('Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0')).toBe('Firefox on Linux');
    expect(browserName('Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 Safari/605.1.15')).toBe('Safari on macOS');
    expect(browserName('curl/8.9')).toBe('curl/8.9');
    expect(browserName(null)).toBe('Unknown');
  });
});
