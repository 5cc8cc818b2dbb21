import '@fontsource-variable/inter/wght.css';
import '@fontsource-variable/jetbrains-mono/wght.css';
import '@mantine/core/styles.css';
import '~/kit/tokens.css';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { ApiError } from '~/api/client';
import { App } from './App';

const root = document.getElementById('root');
if (root) {
  createRoot(root, {
    // what the server refuses is shown on the page; it is no fault of the program
    onCaughtError: (error) => error instanceof ApiError || console.error(error),
  }).render(
    <StrictMode>
      <App />
    </StrictMode>,
  );
}
