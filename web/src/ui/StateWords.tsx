import { useTranslation } from 'react-i18next'
import {
  IconAlertTriangle,
  IconCircleCheck,
  IconCoffee,
  IconHeadset,
  IconHeadsetOff,
  IconPhoneCall,
  IconPhoneIncoming,
  IconPhoneOff,
  IconPhonePause,
  IconPower,
} from './icons'
import { Word, type Tone } from './parts'

type Icon = typeof IconPower

const agentStates = {
  offline: ['offline', IconPower],
  unreachable: ['danger', IconPhoneOff],
  available: ['available', IconCircleCheck],
  ringing: ['ringing', IconPhoneIncoming],
  in_call: ['talking', IconPhoneCall],
  paused: ['paused', IconCoffee],
} as const satisfies Record<string, [Tone, Icon]>

const deviceStates = {
  registered: ['available', IconHeadset],
  unregistered: ['danger', IconHeadsetOff],
  ringing: ['ringing', IconPhoneIncoming],
  in_use: ['talking', IconPhoneCall],
  busy: ['ringing', IconPhonePause],
  unknown: ['offline', IconAlertTriangle],
} as const satisfies Record<string, [Tone, Icon]>

const stages = {
  arriving: ['offline', IconPhoneIncoming],
  waiting: ['offline', IconPhonePause],
  ringing: ['ringing', IconPhoneIncoming],
  talking: ['talking', IconPhoneCall],
  held: ['paused', IconPhonePause],
  ended: ['offline', IconPhoneOff],
} as const satisfies Record<string, [Tone, Icon]>

export type AgentStateName = keyof typeof agentStates
export const agentStateNames = Object.keys(agentStates) as AgentStateName[]
export const agentStateTone = (state: AgentStateName): Tone => agentStates[state][0]

export function AgentStateWord({ state, testid }: { state: AgentStateName; testid?: string }) {
  const { t } = useTranslation()
  const [tone, Icon] = agentStates[state]
  return (
    <Word tone={tone} icon={<Icon size={14} aria-hidden />} {...(testid ? { testid } : {})}>
      {t(`state.${state}`)}
    </Word>
  )
}

export function DeviceWord({ device }: { device: keyof typeof deviceStates }) {
  const { t } = useTranslation()
  const [tone, Icon] = deviceStates[device]
  return (
    <Word tone={tone} icon={<Icon size={14} aria-hidden />} testid="device">
      {t(`device.${device}`)}
    </Word>
  )
}

export function StageWord({ stage }: { stage: keyof typeof stages }) {
  const { t } = useTranslation()
  const [tone, Icon] = stages[stage]
  return (
    <Word tone={tone} icon={<Icon size={14} aria-hidden />}>
      {t(`stage.${stage}`)}
    </Word>
  )
}
