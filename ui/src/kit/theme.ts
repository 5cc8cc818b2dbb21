import { createTheme, type CSSVariablesResolver, type MantineColorsTuple } from '@mantine/core';

const accent: MantineColorsTuple = [
  '#eeeffb', '#dcdff6', '#b9bff0', '#a3abff', '#7f88e8', '#5f69d6', '#4650c4', '#3c45ad', '#323a93', '#282f78',
];
const dark: MantineColorsTuple = [
  '#e4e5e9', '#c3c5cd', '#9b9ea8', '#6f727d', '#3b3e47', '#26282e', '#1d1f24', '#121316', '#0d0e10', '#08090a',
];

export const theme = createTheme({
  colors: { accent, dark },
  primaryColor: 'accent',
  primaryShade: 6,
  fontFamily: "'Inter Variable', system-ui, sans-serif",
  fontFamilyMonospace: "'JetBrains Mono Variable', ui-monospace, monospace",
  fontSizes: { xs: '12px', sm: '13px', md: '13px', lg: '15px', xl: '18px' },
  headings: { fontWeight: '600', sizes: { h1: { fontSize: '18px' }, h2: { fontSize: '13px' } } },
  defaultRadius: 5,
  cursorType: 'pointer',
  respectReducedMotion: true,
  components: {
    Button: { defaultProps: { size: 'xs' } },
    TextInput: { defaultProps: { size: 'xs' } },
    PasswordInput: { defaultProps: { size: 'xs' } },
    Textarea: { defaultProps: { size: 'xs' } },
    Select: { defaultProps: { size: 'xs', comboboxProps: { shadow: 'md', transitionProps: { duration: 0 } } } },
    MultiSelect: { defaultProps: { size: 'xs', comboboxProps: { shadow: 'md', transitionProps: { duration: 0 } } } },
    TagsInput: { defaultProps: { size: 'xs' } },
    Radio: { defaultProps: { size: 'xs' } },
    Modal: { defaultProps: { transitionProps: { duration: 0 }, overlayProps: { backgroundOpacity: 0.35 }, closeButtonProps: { 'aria-label': 'Close' } }, styles: { content: { border: '1px solid var(--sd-border-strong)' } } },
    Checkbox: { defaultProps: { size: 'xs' } },
    Popover: { defaultProps: { shadow: 'md', transitionProps: { duration: 0 } } },
    Menu: { defaultProps: { shadow: 'md', transitionProps: { duration: 0 } } },
    Tooltip: { defaultProps: { openDelay: 300, transitionProps: { duration: 0 } } },
  },
});

/** Points the library's own colours at ours, so that there is one palette. */
export const cssVariables: CSSVariablesResolver = () => {
  const own = {
    '--mantine-color-body': 'var(--sd-bg)',
    '--mantine-color-text': 'var(--sd-text)',
    '--mantine-color-dimmed': 'var(--sd-dim)',
    '--mantine-color-placeholder': 'var(--sd-dim)',
    '--mantine-color-default-border': 'var(--sd-border)',
    '--mantine-color-anchor': 'var(--sd-accent)',
    '--mantine-color-error': 'var(--sd-bad)',
  };
  return { variables: {}, light: own, dark: own };
};
