import { render } from 'preact';
import { App } from './components/app.tsx';
import { followAddress } from './state/app.ts';
import './styles/base.css';
import './styles/forms.css';
import './styles/room.css';
import './styles/stage.css';
import './styles/chat.css';
import './styles/lock.css';
import './styles/dialog.css';

// Not all browsers tell of another fragment by both.
addEventListener('popstate', followAddress);
addEventListener('hashchange', followAddress);
followAddress();
render(<App />, document.getElementById('app')!);
