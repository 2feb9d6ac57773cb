-- Accounts of applications that sign in through the identity provider, by the identity that the two exchanged.
with identities as (

    select * from {{ ref('stg_github__external_identities') }}
    where user_id is not null

),

okta_users as (

    select * from {{ ref('stg_okta__users_intervals') }}

),

names as (

    select instance, user_id, lower(trim(saml_name_id)) as name from identities
    union
    select instance, user_id, lower(trim(saml_username)) from identities
    union
    select instance, user_id, lower(trim(scim_username)) from identities

),

logins as (

    select instance, user_id, lower(trim(login)) as name from okta_users
    union
    select instance, user_id, lower(user_id) from okta_users

),

final as (

    select distinct
        concat(names.instance, ':', names.user_id) as account_key,
        concat(logins.instance, ':', logins.user_id) as idp_account_key
    from names
    inner join logins
        on logins.name = names.name

)

select * from final
