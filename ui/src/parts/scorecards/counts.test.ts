import { describe, expect, it } from 'vitest';
import { badgeMarkdown, badgePath } from './badge';
import { passShare, percent, signed } from './counts';

const none = { passed: 0, failed: 0, notMeasured: 0, exempt: 0 };

describe('shares', () => {
  it('leave out what a rule does not apply to, and count an exemption as passed', () => {
    expect(passShare({ ...none, passed: 2, failed: 1, exempt: 1 })).toBe(0.75);
    expect(passShare({ ...none, passed: 1, notMeasured: 3 })).toBe(0.25);
    expect(passShare(none)).toBeNull();
  });

  it('say 100% and 0% only where it is so', () => {
    expect([1, 0.999, 0.5, 0.004, 0, null].map(percent)).toEqual(['100%', '>99%', '50%', '<1%', '0%', '–']);
  });
});

it('a change has its sign', () => {
  expect([3, 0, -2].map(signed)).toEqual(['+3', '±0', '−2']);
});

it('the address of a badge survives Markdown', () => {
  expect(badgePath('component', 'component:default/a(b)', 'production')).toBe('/api/stagedoor/v1/badges/component/component%3Adefault%2Fa(b)/production.svg');
  expect(badgeMarkdown('A [b]', 'https://example.com/a(b).svg')).toBe('![A \\[b\\]](https://example.com/a%28b%29.svg)');
});
