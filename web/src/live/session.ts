import { queryOptions, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { changeMe, getMe } from '../contract/http'

/** Who is signed in. A 401 is an answer, not a failure to be tried again. */
export const meQuery = queryOptions({ queryKey: ['me'], queryFn: getMe, staleTime: Infinity, retry: false })

/** Only on pages behind sign-in, where the router has already asked. */
export function useMe() {
  const { data } = useQuery(meQuery)
  if (!data) throw new Error('useMe on a page that does not ask who is there')
  return data
}

export function useChangeMe() {
  const client = useQueryClient()
  return useMutation({ mutationFn: changeMe, onSuccess: (me) => client.setQueryData(meQuery.queryKey, me) })
}
