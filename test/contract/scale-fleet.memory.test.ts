import { memoryRoomStore } from '../../shared/adapters/memory/store.ts';
import { scaleFleetContract } from './scale-fleet.ts';

scaleFleetContract('in memory', () => memoryRoomStore());
