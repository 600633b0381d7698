// Loaded when it is first shown.
import { useEffect } from 'react';

import { finish } from '../backend.js';

export default function Lazy({ id }) {
  useEffect(() => { finish(id); }, [id]);
  return null;
}
